-- reliable_queue_put: put items at the end of a reliable queue, if they all have room.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; how many items may be pending (0: any number); "1" where who asks will wait for room,
--   else "0"; the items.
-- Reply: 1; 0 where they have no room: none was put.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND: nothing was written.
-- Complexity: O(items * log(all)).
-- Needs: leaf
--
-- A member is "<when it came: us of the server's time><which of those that came together>.<how often it was taken> <text>",
-- both numbers in hex digits, so that the order of members is that of coming. Its score is 0 while it is pending, and the
-- end of the lease, in ms of the server's time, once it was taken.

local refused = unfit()
if refused then return refused end
local most, first = tonumber(ARGV[own]), own + 2
local pending = there and most > 0 and redis.call('ZCOUNT', body, 0, string.format('%.0f', now_ms())) or 0
pending = pending + #ARGV - first + 1
if most > 0 and pending > most then
  if ARGV[own + 1] == '1' then expect('put') end
  return 0
end
refused = mount()
if refused then return refused end
local time = redis.call('TIME')
local came = time[1] * 1000000 + time[2]
local last = redis.call('ZREVRANGEBYSCORE', body, 0, 0, 'LIMIT', 0, 1)[1]
if last then came = math.max(came, tonumber(string.sub(last, 1, 14), 16) + 1) end  -- whatever the clock says
for from = first, #ARGV, CHUNK / 2 do
  local rows = {}
  for at = from, math.min(from + CHUNK / 2 - 1, #ARGV) do
    rows[#rows + 1] = '0'
    rows[#rows + 1] = string.format('%014x%05x.0 ', came, at - first) .. ARGV[at]
  end
  redis.call('ZADD', body, unpack(rows))
end
settle()
announce('get')
if pending < most then announce('put') end
return 1
