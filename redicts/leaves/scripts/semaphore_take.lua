-- semaphore_take: take permits of a semaphore, if they are free and nobody came before.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; how many permits there are; how many to take; the lease in ms; the token; "1" where who asks
--   will wait, else "0"; its ticket, "" for none; scores and tokens of other tickets to be renewed with it.
-- Reply: {1, for how many ms they are its}; {0, its ticket, after how many ms to try again at the latest, -1 for any}.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND: nothing was written.
-- Complexity: O((permits taken + tickets renewed) * log(all)).
-- Takes: permits, until their lease ends
-- First: proof
-- Needs: permits

-- As it is mostly: no more than one lock, a place that is there and lies in nothing that expires, and nobody who waits.
local at = alive and guard + (ARGV[2] == '1' and 2 or 1)
if at and ARGV[3 + guard] ~= '' and redis.call('HGET', KEYS[at], ARGV[3 + guard]) == ARGV[4 + guard]
  and redis.call('EXISTS', KEYS[at + 2]) == 0 and redis.call('PTTL', KEYS[at]) == -1 then
  local body, time, count = KEYS[at + 1], redis.call('TIME'), tonumber(ARGV[6 + guard])
  local now, lease, member = time[1] * 1000 + math.floor(time[2] / 1000), tonumber(ARGV[7 + guard]), '+ ' .. ARGV[8 + guard]
  local held = redis.call('ZCOUNT', body, string.format('(%.0f', now), '+inf')
  if held > 0 and tonumber(ARGV[5 + guard]) - held >= count and lease >= 1000 and not redis.call('ZSCORE', body, member) then
    local ends, left = string.format('%.0f', now + lease), redis.call('PTTL', body)  -- which may be a ms off
    for number = 1, count do redis.call('ZADD', body, ends, member .. (number > 1 and ' ' .. number or '')) end
    if left >= 0 and left < lease + 2 then redis.call('PEXPIREAT', body, string.format('%.0f', now + lease + 2)) end
    return {1, lease}
  end
end
-- Prelude

local refused = unfit()
if refused then return refused end
local value, count, lease = tonumber(ARGV[own]), tonumber(ARGV[own + 1]), tonumber(ARGV[own + 2])
local token, waits, ticket = ARGV[own + 3], ARGV[own + 4] == '1', tonumber(ARGV[own + 5])
local now, room, rival, lapses = now_ms(), value, nil, nil
local today, came = whole(now), ticket
if there then
  local had = redis.call('ZSCORE', body, permit(token, 1))
  if had and tonumber(had) > now then return {1, tonumber(had) - now} end  -- asked again: the reply was lost
  room = value - redis.call('ZCOUNT', body, '(' .. today, '+inf')
  rival, lapses = first_ticket(token, now)
end
local first = not rival or (ticket and ticket <= rival)

if first and room >= count then
  refused = mount()
  if refused then return refused end
  local function hold(deadline)
    for number = 1, count do redis.call('ZADD', body, whole(deadline), permit(token, number)) end
  end
  hold(now + lease)
  if ticket then drop_ticket(ticket, token) end
  redis.call('ZREMRANGEBYSCORE', body, 0, today)
  local ends = outlast(now + lease)
  if ends < now + lease then hold(ends) end
  -- Who waits does not know of a lease that ends before it looks again.
  if room > count or lease < 1000 then wake_first() end
  return {1, ends - now}
end

if waits then
  if not came then
    local time = redis.call('TIME')
    local last = redis.call('ZREVRANGEBYSCORE', body, '(0', '-inf', 'WITHSCORES', 'LIMIT', 0, 1)
    came = time[1] * 1000000 + time[2] - 9007199254740992
    if last[2] then came = math.max(came, tonumber(last[2]) + 1) end  -- whatever the clock says
  end
  put_ticket(came, token, now)
  for at = own + 6, #ARGV, 2 do put_ticket(tonumber(ARGV[at]), ARGV[at + 1], now) end
  outlast(now + TICKET_MS)
  expect('put')
end
local again = -1
if first then
  local ends = redis.call('ZRANGEBYSCORE', body, '(' .. today, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
  if ends then again = math.max(1, tonumber(ends) - now) end
elseif room > 0 and ticket then
  again = lapses - now
  pass_on()
end
return {0, came and whole(came) or '', again}
