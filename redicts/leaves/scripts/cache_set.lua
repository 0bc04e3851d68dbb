-- cache_set: put values into a cache. Nobody who began to compute one of them before may store it after this.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; for each the key's text; how long it is fresh, and there, in ms, or "" for no end; its
--   text.
-- Reply: 1.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND: nothing was written.
-- Complexity: O(entries).
-- Needs: caching

-- Mostly it is one, under no lock, and nobody computes it. (Here what "caching" of the prelude has is written out.)
if ARGV[1] == '0' and #ARGV == 8 and ARGV[6] == ARGV[7] then
  local at = ARGV[2] == '1' and 2 or 1
  local body, name, life = KEYS[at + 1], ARGV[5], ARGV[6]
  if redis.call('HGET', KEYS[at], ARGV[3]) == ARGV[4] and redis.call('EXISTS', body) == 1 then
    local other = redis.call('HMGET', body, '!', '?' .. name)
    if not other[1] and not other[2] then
      local gone = 99999999999999
      if life ~= '' then
        local time = redis.call('TIME')
        gone = time[1] * 1000 + math.floor(time[2] / 1000) + life
      end
      local digits = string.format('%014.0f', gone)
      redis.call('HSET', body, name, 'v' .. digits .. ' ' .. digits .. ' ' .. ARGV[8])
      gone = string.format('%.0f', gone)
      if life == '' or not redis.pcall('HPEXPIREAT', body, gone, 'FIELDS', 1, name).err then return 1 end
    end
  end
end
-- Prelude

local refused = unfit() or open_cache()
if refused then return refused end
for at = own, #ARGV, 4 do
  local name = ARGV[at]
  put_entry(name, 'v', ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
  local claim = not made and redis.call('HGET', body, '?' .. name)
  if claim then
    redis.call('HDEL', body, '?' .. name)
    wake_line(line_of(claim))
  end
end
finish()
return 1
