-- prelude brief: typed leaves that go by themselves, when what they hold means nothing any more.
-- Needs: leaf, tidy

-- After a write: let the body live until `deadline` at least, in ms of the server's time, but not longer than what it lies
-- in. (Where it has a longer life, or no end, it keeps that: somebody gave it.) Until when what was written counts.
local function outlast(deadline)
  local parent, old = NONE, 0
  if field ~= '' then parent = sooner(deadline_of(key), NONE) end
  if there then old = deadline_of(body) end
  if old == NONE then return deadline end
  deadline = sooner(deadline, parent)
  if deadline > old - 2 then  -- on 6.2 it is known to the millisecond or two
    old = math.max(old, deadline)
    set_deadline(body, old)
    if field == '' then set_deadline(key, old) end
  end
  if not there then tidy_beside(key, field) end
  return deadline
end
