-- dict_life: how long a key of a dict has to live.
-- KEYS: the hash of the entry; the body.
-- ARGV: field; marker; the key's text.
-- Reply: milliseconds; -1: it has no end; -2: there is no such key; -3: this server has no times to live for keys of a
--   hash.
-- Errors: WRONGKIND.
-- Complexity: O(1).
-- Needs: kept

local wrong = wrong_kind()
if wrong then return wrong end
local found = redis.pcall('HPTTL', KEYS[2], 'FIELDS', 1, ARGV[3])
if found.err then return -3 end
return found[1]
