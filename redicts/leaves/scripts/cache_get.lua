-- cache_get: read the values of keys of a cache.
-- KEYS: the hash of the entry; the body.
-- ARGV: field; marker; the keys' texts.
-- Reply: for each the text of its value, or nil where there is none that is fresh.
-- Errors: WRONGKIND, with the marker found ("~" for a JSON leaf).
-- Complexity: O(keys).
-- Needs: kept

-- Here is_fresh of the prelude's "cached" is written out.
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
  local time, texts = redis.call('TIME'), {}
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  for at = 3, #ARGV do
    local value = redis.call('HGET', KEYS[2], ARGV[at])
    local fresh = value and string.find(value, '^[vV]') and tonumber(string.sub(value, 2, 15)) > now
    texts[at - 2] = fresh and string.sub(value, 32)
  end
  return texts
end
-- Prelude

local wrong = wrong_kind()
if wrong then return wrong end
local nothing = {}
for at = 3, #ARGV do nothing[at - 2] = false end
return nothing
