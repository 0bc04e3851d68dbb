-- deque_add: add elements to a deque that holds so many at most; as many as are too many go at the other end.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; "RPUSH" or "LPUSH"; how many there may be, or ""; "own" to add its own elements, else "put";
--   the elements, in the order in which they are pushed.
-- Reply: the length.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND: nothing was written.
-- Complexity: O(elements, and those that go).
-- Needs: row

local refused = unfit()
if refused then return refused end
local command, most, own_elements = ARGV[own], tonumber(ARGV[own + 1]), ARGV[own + 2] == 'own'
if not there and (own_elements or most == 0) then return 0 end
if most == 0 then
  redis.call('UNLINK', body)
else
  refused = mount()
  if refused then return refused end
  if own_elements then
    push(command, redis.call('LRANGE', body, 0, -1))
  else
    many(command, own + 3, #ARGV)
  end
  if most and command == 'RPUSH' then
    redis.call('LTRIM', body, -most, -1)
  elseif most then
    redis.call('LTRIM', body, 0, most - 1)
  end
  announce('get')
end
settle()
return redis.call('LLEN', body)
