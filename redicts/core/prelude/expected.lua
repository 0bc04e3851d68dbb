-- prelude expected: who waits for what comes to a typed leaf, or goes from it. The key that says so is the third of the
-- script's own, where there is one (for who works on several leaves that is a key of another); the wake-ups are at keys
-- of the same path.
-- Needs: header, wake

-- Wake one of those who wait for elements ('get'), room ('put') or the end ('join'), if there may be any.
local LINES = {get = 'g', put = 'p', join = 'j'}
local function announce(who)
  local expected = KEYS[own_key + 2]
  local open = expected and string.find(expected, '{', 1, true)
  if not open or string.sub(expected, open - 3, open - 1) ~= ':e:' then return end
  if redis.call('HEXISTS', expected, who) == 0 then return end
  wake(string.sub(expected, 1, open - 3) .. LINES[who] .. ':' .. string.sub(expected, open))
end

-- Note that somebody goes to wait: who comes with that wakes one then. A waiter notes it again each second.
local function expect(who)
  redis.call('HSET', KEYS[own_key + 2], who, '1')
  redis.call('PEXPIRE', KEYS[own_key + 2], 5000)
end
