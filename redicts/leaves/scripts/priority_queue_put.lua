-- priority_queue_put: put items into a priority queue: all of them, or none.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; how many items it has at most, or 0; "1" where who asks will wait for room; then for each
--   item the priority as a score, and the array of priority and value as JSON text.
-- Reply: 1; 0 where there is no room: nothing was put.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND, OUTOFRANGE (no number is left for one more of that priority): nothing was put.
-- Complexity: O(log(length)) for each.
-- First: proof
-- Needs: leaf
--
-- A member is "<number> <array>", the number in 16 hex digits, so that among equal scores they stand in the order in which
-- they came: the last one's and 1; where there is none, the server's time in microseconds: what is put back after all of
-- that priority were taken has a number that no other has. Doubles count to 2^53.

local function number_of(body, score)
  local last = redis.call('ZREVRANGEBYSCORE', body, score, score, 'LIMIT', 0, 1)[1]
  local number = last and tonumber(string.sub(last, 1, 16), 16)
  if number then return number + 1 end
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

local function member_of(number, text) return string.format('%016x', number) .. ' ' .. text end

if alive and #ARGV == 8 + guard then
  local at, score, limit = guard + (ARGV[2] == '1' and 2 or 1), ARGV[7 + guard], tonumber(ARGV[5 + guard])
  if redis.call('HGET', KEYS[at], ARGV[3 + guard]) == ARGV[4 + guard] and redis.call('EXISTS', KEYS[at + 2]) == 0 then
    local size = redis.call('ZCARD', KEYS[at + 1])
    local number = size > 0 and (limit == 0 or size < limit) and number_of(KEYS[at + 1], score)
    if number and number < 9007199254740992 then
      redis.call('ZADD', KEYS[at + 1], score, member_of(number, ARGV[8 + guard]))
      return 1
    end
  end
end
-- Prelude

local refused = unfit()
if refused then return refused end
local room, first = tonumber(ARGV[own]), own + 2
local size = (there and redis.call('ZCARD', body) or 0) + (#ARGV - first + 1) / 2
if room > 0 and size > room then
  if ARGV[own + 1] == '1' then expect('put') end
  return 0
end
local numbers, call = {}, {}
for i = first, #ARGV, 2 do
  local score = ARGV[i]
  local number = numbers[score] and numbers[score] + 1 or number_of(there and body or body .. '.', score)
  if number >= 9007199254740992 then return redis.error_reply('OUTOFRANGE') end
  numbers[score] = number
  call[#call + 1] = score
  call[#call + 1] = member_of(number, ARGV[i + 1])
end
refused = mount()
if refused then return refused end
for from = 1, #call, CHUNK do redis.call('ZADD', body, unpack(call, from, math.min(from + CHUNK - 1, #call))) end
settle()
announce('get')
if room > size then announce('put') end
return 1
