-- counter_combine: combine a counter with other counts, in place; what is not positive then is dropped.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; "+" for sums, "|" for the larger ones, "&" for the smaller ones; then in turn: a key's
--   text, its other count. No key comes twice.
-- Reply: 1; {key} where its sum is beyond 64 bits: nothing was written.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND: nothing was written.
-- Complexity: O(length + keys).
-- Needs: leaf, decimal

local refused = unfit()
if refused then return refused end
local how, old, counts, put, drop = ARGV[own], {}, {}, {}, {}
local flat = there and redis.call('HGETALL', body) or {}
for i = 1, #flat, 2 do
  old[flat[i]] = flat[i + 1]
  counts[flat[i]] = how == '&' and '0' or flat[i + 1]
end
for at = own + 1, #ARGV, 2 do
  local name, other = ARGV[at], ARGV[at + 1]
  local count = old[name] or '0'
  if how == '+' then
    count = sum_of(count, other, body .. '.')
    if not count then return {name} end
  elseif how == '|' then
    if above(other, count) then count = other end
  elseif how == '&' then
    if above(count, other) then count = other end
  else
    return redis.error_reply('ERR no such way to combine counters')
  end
  counts[name] = count
end
for name, count in pairs(counts) do
  if not above(count, '0') then
    if old[name] then drop[#drop + 1] = name end
  elseif old[name] ~= count then
    put[#put + 1] = name
    put[#put + 1] = count
  end
end
if #put == 0 and #drop == 0 then return 1 end
refused = #put > 0 and mount()
if refused then return refused end
for at = 1, #put, CHUNK do redis.call('HSET', body, unpack(put, at, math.min(at + CHUNK - 1, #put))) end
for at = 1, #drop, CHUNK do redis.call('HDEL', body, unpack(drop, at, math.min(at + CHUNK - 1, #drop))) end
settle()
return 1
