-- prelude ensure: making the nodes that lead to a place, and replacing the leaves that stand in the way.
-- Needs: header, write

-- Make a field of `at` that leads to a node, unless it already does.
local function open_node(at, field, limit)
  local key = node_of(at, field)
  local text = redis.call('HGET', at, field)
  if text and is_node(text) and redis.call('EXISTS', key) == 1 then return deadline_of(key) end
  if text then unlink_beneath(at, field, text) end
  unlink_node(key)  -- nothing that expired, or was left behind, comes back
  local new = redis.call('EXISTS', at) == 0
  redis.call('HSET', at, field, '/')
  if new and limit > 0 then set_deadline(at, limit) end
  return limit
end

-- Make sure that the node whose hash is `key` can take a field: missing parents are made, leaves in the way replaced.
-- The deadline that what is put there must not outlive.
local function ensure_node(key)
  local section = section_key(key)
  if redis.call('EXISTS', section) == 0 then
    unlink_node(section)
    register(key)
  else
    local own = redis.call('HGET', section, '')
    if own then
      unlink_beneath(section, '', own)
      redis.call('HDEL', section, '')
    elseif redis.call('EXISTS', key) == 1 then
      return deadline_of(key)
    end
  end
  local at, limit = section, sooner(deadline_of(section), NONE)
  for field in string.gmatch(string.sub(key, #section + 1), '%.([^.]+)') do
    limit = open_node(at, field, limit)
    at = node_of(at, field)
  end
  return limit
end
