-- prelude retime: moving the deadline of a node and of everything below it.
-- Needs: clock, keys

-- Make an expiring leaf a plain one, which lives as long as its parent.
local function inline(key, field)
  local body = body_of(key, field)
  local text = redis.call('GET', body)
  if not text then return end
  redis.call('HSET', key, field, text)
  redis.call('UNLINK', body)
end

-- Move what had the deadline `from` (it was inherited), and what would outlive `to`; the rest keeps its own.
local function retime(key, from, to)
  local function moves(deadline)
    return same_deadline(deadline, from) or (to > 0 and (deadline < 0 or deadline > to))
  end
  local flat = redis.call('HGETALL', key)
  for i = 1, #flat, 2 do
    local field, first = flat[i], string.byte(flat[i + 1])
    if first == SLASH then
      local deadline = deadline_of(node_of(key, field))
      if deadline ~= GONE and moves(deadline) then
        retime(node_of(key, field), from, to)
        mark_node(key, field, false)
      end
    elseif first == TILDE or first == AT then
      local deadline = deadline_of(body_of(key, field))
      if deadline ~= GONE and moves(deadline) then
        if first == TILDE then inline(key, field) else set_deadline(body_of(key, field), to) end
      end
    end
  end
  if moves(deadline_of(key)) then set_deadline(key, to) end
end
