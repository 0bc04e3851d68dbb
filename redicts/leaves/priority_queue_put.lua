-- priority_queue_put: put items into a priority queue: all of them, or none.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; how many items it has at most, or 0; "1" where who asks will wait for room; then for each
--   item the priority as a score, and the array of priority and value as JSON text.
-- Reply: 1; 0 where there is no room: nothing was put.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND, OUTOFRANGE (no number is left for one more of that priority): nothing was put.
-- Complexity: O(log(length)) for each.
-- Needs: leaf
--
-- A member is "<number> <array>", the number in 16 hex digits: among equal scores the one of the last member and 1, so
-- that they stand in the order in which they came. Doubles count to 2^53.

local refused = unfit()
if refused then return refused end
local limit_size, first = tonumber(ARGV[own]), own + 2
local size = (there and redis.call('ZCARD', body) or 0) + (#ARGV - first + 1) / 2
if limit_size > 0 and size > limit_size then
  if ARGV[own + 1] == '1' then expect('put') end
  return 0
end

local numbers, call = {}, {}
for i = first, #ARGV, 2 do
  local score = ARGV[i]
  local number = numbers[score]
  if not number then
    local last = there and redis.call('ZREVRANGEBYSCORE', body, score, score, 'LIMIT', 0, 1)[1]
    number = last and tonumber(string.sub(last, 1, 16), 16) or -1
  end
  if number >= 9007199254740991 then return redis.error_reply('OUTOFRANGE') end
  numbers[score] = number + 1
  call[#call + 1] = score
  call[#call + 1] = string.format('%016x', number + 1) .. ' ' .. ARGV[i + 1]
end
refused = mount()
if refused then return refused end
for at = 1, #call, CHUNK do redis.call('ZADD', body, unpack(call, at, math.min(at + CHUNK - 1, #call))) end
settle()
announce('get')
if limit_size > size then announce('put') end
return 1
