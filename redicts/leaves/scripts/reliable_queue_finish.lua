-- reliable_queue_finish: say what becomes of an item that was taken.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; the member, as its taker was given it; "done": it goes; "back": it is pending again, in its
--   old place; or in how many ms from now its lease ends.
-- Reply: 1; 0 where it is not leased any more, or to another.
-- Errors: LOCKLOST, WRONGKIND: nothing was changed.
-- Complexity: O(log(all)).
-- Needs: leaf

local refused = unfit()
if refused then return refused end
local member, what = ARGV[own], ARGV[own + 1]
local score = there and redis.call('ZSCORE', body, member)
if not score or tonumber(score) == 0 then return 0 end
if what == 'done' then
  redis.call('ZREM', body, member)
  settle()
elseif what == 'back' then
  redis.call('ZADD', body, '0', member)
  announce('get')
else
  redis.call('ZADD', body, string.format('%.0f', now_ms() + tonumber(what)), member)
end
return 1
