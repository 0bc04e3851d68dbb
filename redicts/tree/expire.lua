-- expire: give a place, and everything below it, a time to live; or take it away.
-- KEYS: header; the hash of the entry.
-- ARGV: header; field, time to live in ms ("" for none of its own).
-- Reply: 1, or 0 where nothing is there.
-- Errors: LOCKLOST: nothing was changed.
-- Complexity: O(nodes below, and leaves below with a key of their own).
-- Needs: header, moment, retime, tidy

local refused = lost_guard()
if refused then return refused end
local key, field, ttl = KEYS[own_key], ARGV[own_arg], ARGV[own_arg + 1]
local text = living(key, field)
if not text then return 0 end

local limit, deadline = parent_deadline(key, field), NONE
if ttl ~= '' then deadline = now_ms() + tonumber(ttl) end
deadline = sooner(deadline, limit)
local inherited = limit > 0 and same_deadline(deadline, limit)
if inherited then deadline = limit end  -- to the millisecond: both are gone at once

if is_node(text) then
  local node = node_of(key, field)
  retime(node, deadline_of(node), deadline)
  mark_node(key, field, deadline > 0 and not inherited)
elseif field == '' or string.byte(text) == AT then
  if field == '' then set_deadline(key, deadline) end
  if string.byte(text) == AT then set_deadline(body_of(key, field), deadline) end
elseif deadline < 0 or inherited then
  if text == '~' then inline(key, field) end
else
  if text == '~' then text = redis.call('GET', body_of(key, field)) end
  redis.call('SET', body_of(key, field), text, 'PXAT', string.format('%.0f', deadline))
  redis.call('HSET', key, field, '~')
end
if ttl ~= '' then tidy_beside(key, field) end
return 1
