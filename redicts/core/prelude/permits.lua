-- prelude permits: the body of a semaphore.
--
-- Who holds a permit has a member "+ <token>", whose score is the end of its lease, in ms of the server's time; with several
-- permits "+ <token> 2" and so on, too. Who waits has a member "- <deadline> <token>", the ticket: it counts until the
-- deadline, in ms, and its waiter renews it each second. Tickets have negative scores: 2^53 less than when they came, in us,
-- so that they stand before all permits, and the first of them is the first that is to get one.
-- Needs: brief

local TICKET_MS = 2500

local function whole(number) return string.format('%.0f', number) end

-- Take away the ticket of a token. Where it is not known where that stands, it is searched for.
local function drop_ticket(score, token)
  local from, to = score and whole(score) or '-inf', score and whole(score) or '(0'
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', body, from, to)) do
    if string.match(member, '^%- %d+ (.*)$') == token then redis.call('ZREM', body, member) end
  end
end

-- Put a ticket in its place, or renew it.
local function put_ticket(score, token, now)
  drop_ticket(score, token)
  redis.call('ZADD', body, whole(score), '- ' .. whole(now + TICKET_MS) .. ' ' .. token)
end

-- The first of the tickets that count, but for that of a token: its score, and its deadline. Those before it that do not are
-- taken away.
local function first_ticket(token, now)
  local at = 0
  while true do
    local found = redis.call('ZRANGE', body, at, at, 'WITHSCORES')
    if not found[1] or tonumber(found[2]) >= 0 then return nil end
    local deadline, who = string.match(found[1], '^%- (%d+) (.*)$')
    if who == token then
      at = at + 1
    elseif not deadline or tonumber(deadline) <= now then
      redis.call('ZREM', body, found[1])
    else
      return tonumber(found[2]), tonumber(deadline)
    end
  end
end

-- The member of a token's permit of a number.
local function permit(token, number)
  return '+ ' .. token .. (number > 1 and ' ' .. number or '')
end

-- Wake one of those who wait, if there may be any. Should it not be the first, it passes that on; how often that is done is
-- counted, for the first may be dead.
local function wake_first()
  local expected = KEYS[own_key + 2]
  if redis.call('HEXISTS', expected, 'put') == 0 then return end
  redis.call('HSET', expected, 'hops', redis.call('ZCOUNT', body, '-inf', '(0') + 4)
  announce('put')
end

local function pass_on()
  local expected = KEYS[own_key + 2]
  if redis.call('HEXISTS', expected, 'hops') == 1 and redis.call('HINCRBY', expected, 'hops', -1) >= 0 then announce('put') end
end
