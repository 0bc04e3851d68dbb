-- rate_limiter_look: tell what would become of hits.
-- KEYS: the hash of the entry; the body.
-- ARGV: field; marker; as for rate_limiter_hit.
-- Reply: as for rate_limiter_hit; but nothing has come.
-- Errors: WRONGKIND, with the marker found ("~" for a JSON leaf).
-- Complexity: O(1).
-- Needs: kept, gcra

local wrong = wrong_kind()
if wrong then return wrong end
local now, stored, rate, count = now_us(), redis.call('GET', KEYS[2]), rate_at(3), tonumber(ARGV[7])
local allowed, _, wait = gcra(stored, now, rate, count)
local _, more, _, ahead = gcra(stored, now, rate, 0)
return {allowed and 1 or 0, more, wait, ahead, string.format('%.0f', now)}
