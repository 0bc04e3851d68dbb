-- cache_look: how many values of a cache are fresh, or for how long one is.
-- KEYS: the hash of the entry; the body.
-- ARGV: field; marker; a key's text, or nothing to count.
-- Reply: their number; or for one: ms, -1 for no end, -2 where there is none.
-- Errors: WRONGKIND, with the marker found ("~" for a JSON leaf).
-- Complexity: O(entries) to count, else O(1).
-- Needs: kept, cached

local wrong = wrong_kind()
if wrong then return wrong end
if #ARGV == 2 then return #entries_of(KEYS[2]) / 2 end
local value, now = redis.call('HGET', KEYS[2], ARGV[3]), now_ms()
if not value or not is_fresh(value, now) then return -2 end
return fresh_until(value) == FOREVER and -1 or fresh_until(value) - now
