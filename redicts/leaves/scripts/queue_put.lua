-- queue_put: put items at the end of a queue, if they all have room.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; how many items it may have; "1" where who asks will wait for room, else "0"; the items.
-- Reply: 1; 0 where they have no room: none was put.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND: nothing was written.
-- Complexity: O(items).
-- Needs: leaf

local refused = unfit()
if refused then return refused end
local most, first = tonumber(ARGV[own]), own + 2
local size = there and redis.call('LLEN', body) or 0
if size + #ARGV - first + 1 > most then
  if ARGV[own + 1] == '1' then expect('put') end
  return 0
end
refused = mount()
if refused then return refused end
size = many('RPUSH', first, #ARGV)
settle()
announce('get')
if size < most then announce('put') end
return 1
