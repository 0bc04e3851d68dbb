-- queue_return: put items back at the front of a queue, that were taken for one who does not want them any more.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; the items.
-- Reply: 1.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND: nothing was written.
-- Complexity: O(items).
-- Needs: leaf

local refused = unfit() or mount()
if refused then return refused end
for i = #ARGV, own, -1 do redis.call('LPUSH', body, ARGV[i]) end
settle()
announce('get')
return 1
