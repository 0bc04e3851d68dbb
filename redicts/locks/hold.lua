-- hold: enter a lock entry, after removing dead ones. The caller watches what it decided by.
-- KEYS: the section's fence counter; l: of the path; b: of each proper ancestor.
-- ARGV: the entry; its deadline in ms of the server's time; the lease in ms; the server's time in us, when it was read;
--   the dead entries that stood in its way.
-- Reply: the fence token: above every one before it, and not below the server's time. So the counter may go when the
--   section is locked no more, and tokens grow even where the server lost its last writes.
-- Errors: none of its own.
-- Complexity: O(depth * log(locks there) + dead entries).
-- Needs: enter, entries

-- The counter first, in one call where the clock is ahead of it, as it nearly always is.
local token = ARGV[4]
local last = tonumber(redis.call('SET', KEYS[1], token, 'PX', ARGV[3], 'GET') or 0) or 0
if last >= tonumber(token) and last < 2 ^ 53 then  -- beyond that somebody else wrote there
  token = string.format('%.0f', last + 1)
  redis.call('SET', KEYS[1], token, 'PX', ARGV[3])
end

-- Sets that are never empty for long keep what crashed holders left: now and then a little of it goes.
local tidies = string.byte(token, -1) == 55  -- "7": one in ten
if #ARGV == 4 and not tidies and redis.call('EXISTS', unpack(KEYS, 2)) == 0 then  -- nobody holds anything near
  for i = 2, #KEYS do
    redis.call('ZADD', KEYS[i], ARGV[2], ARGV[1])
    redis.call('PEXPIRE', KEYS[i], ARGV[3])
  end
  return token
end
-- Prelude

-- A key that somebody else wrote to is met before anything is entered: what was half entered could not be taken back.
for i = 2, #KEYS do redis.call('ZCARD', KEYS[i]) end
local _, _, tail = parts_of(ARGV[1])
local prefix = string.sub(KEYS[2], 1, #KEYS[2] - #tail - 2)
for i = 5, #ARGV do remove_entry(prefix, ARGV[i]) end
if tidies then
  local now = string.format('%.0f', ARGV[2] - ARGV[3])
  for i = math.min(3, #KEYS), #KEYS do
    for _, dead in ipairs(redis.call('ZRANGEBYSCORE', KEYS[i], '-inf', now, 'LIMIT', 0, 8)) do
      remove_entry(prefix, dead)
    end
  end
end
enter(ARGV[1], ARGV[2], ARGV[3])
-- SET has cut the counter's life to this lease; others may hold the section for longer, and the topmost set lives on.
redis.call('PEXPIRE', KEYS[1], redis.call('PTTL', KEYS[#KEYS]))
return token
