-- prelude ensure: making the nodes that lead to a place, and replacing the leaves that stand in the way.
-- A leaf that becomes a node keeps its deadline. A node with nothing alive in it is not there, and leaves none.
-- Needs: header, write

-- Make a field of `at` that leads to a node, unless it already does. `limit` is the deadline of `at`, or NONE.
-- The deadline that what is put into the node must not outlive.
local function open_node(at, field, limit)
  local key, deadline = node_of(at, field), limit
  local text = redis.call('HGET', at, field)
  if text and is_node(text) then
    local found = deadline_of(key)
    if found == NONE or (found > 0 and alive_node(key)) then return found end
  elseif text and is_marker(text) then
    local own = deadline_of(body_of(at, field))
    if owns(own, limit) then deadline = own end
  end
  if text then unlink_beneath(at, field, text) end
  unlink_node(key)  -- nothing that expired, or was left behind, comes back
  local new = redis.call('EXISTS', at) == 0
  mark_node(at, field, owns(deadline, limit))
  if new and limit > 0 then set_deadline(at, limit) end
  return deadline
end

-- Make sure that the node whose hash is `key` can take a field: missing parents are made, leaves in the way replaced.
-- The deadline that what is put there must not outlive.
local function ensure_node(key)
  local section, limit = section_key(key), NONE
  local own = redis.call('HGET', section, '')
  if own then
    limit = sooner(deadline_of(section), NONE)
    unlink_beneath(section, '', own)
    redis.call('HDEL', section, '')
  else
    local deadline = deadline_of(key)
    if deadline == NONE or (deadline > 0 and alive_node(key)) then return deadline end
    limit = deadline_of(section)
    if limit == GONE then
      register(key)
      limit = NONE
    elseif limit > 0 and not alive_node(section) then
      unlink_node(section)
      limit = NONE
    end
  end
  local at = section
  for field in string.gmatch(string.sub(key, #section + 1), '%.([^.]+)') do
    limit = open_node(at, field, limit)
    at = node_of(at, field)
  end
  return limit
end
