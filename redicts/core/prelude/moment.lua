-- prelude moment: the deadlines of an entry.
-- Needs: clock, read

-- The deadline that an entry has of its own; NONE for a plain leaf, which lives as long as its parent.
local function own_deadline(key, field)
  if field == '' then return sooner(deadline_of(key), NONE) end
  local text = look(key, field)
  if not text or not is_marker(text) then return NONE end
  if is_node(text) then return sooner(deadline_of(node_of(key, field)), NONE) end
  return sooner(deadline_of(body_of(key, field)), NONE)
end

-- The deadline of what an entry lies in, or NONE. A section lies in nothing that expires.
local function parent_deadline(key, field)
  if field == '' then return NONE end
  return sooner(deadline_of(key), NONE)
end
