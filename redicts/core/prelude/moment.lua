-- prelude moment: the deadlines of an entry.
-- Needs: clock, read

-- The deadline that an entry has; NONE for a plain leaf, which lives as long as its parent, and where nothing lives.
local function own_deadline(key, field)
  local text = living(key, field)
  if not text then return NONE end
  if field == '' then return deadline_of(key) end
  if not is_marker(text) then return NONE end
  if is_node(text) then return deadline_of(node_of(key, field)) end
  return deadline_of(body_of(key, field))
end

-- The deadline of what an entry lies in, or NONE. A section lies in nothing that expires.
local function parent_deadline(key, field)
  if field == '' then return NONE end
  return sooner(deadline_of(key), NONE)
end
