-- clear: take everything out of a typed leaf; it is not there then.
-- KEYS: header; the hash of the entry; the body; for leaves that are waited for, one more: see the prelude's leaf.
-- ARGV: header; field; marker.
-- Reply: 1 where something was there, else 0.
-- Errors: LOCKLOST, WRONGKIND: nothing was removed.
-- Complexity: O(1); the server frees a large body in the background.
-- Needs: leaf

local refused = unfit()
if refused then return refused end
if not there then return 0 end
redis.call('UNLINK', body)
settle()
announce('put')
return 1
