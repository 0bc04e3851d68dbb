-- check: look for broken invariants at keys, and mend them where asked.
-- KEYS: the set of the sections' names, which may stand among the rest too; then the keys to look at.
-- ARGV: "1" to mend, else "0"; "1" where the set of the sections' names lies on this server, else "0".
-- Reply: a flat list, four texts for each fault: what is wrong, the key, what was found, "1" where it was mended.
--   Among them "text" for the body of each JSON leaf, with what is in it, and "typed" for that of each typed leaf, with
--   its marker: whether what is in them is JSON is not told here.
-- Errors: none of its own.
-- Complexity: O(keys + fields of the nodes among them + depth of each lock among them).
-- Needs: faults, lifefaults, lockfaults

-- Forget the names of sections that are gone: they have expired, or were mended away. That is no fault.
local function forget_sections()
  for _, name in ipairs(redis.call('SMEMBERS', sections)) do
    if redis.call('EXISTS', section_of(sections, name)) == 0 then redis.call('SREM', sections, name) end
  end
end

for i = 2, #KEYS do
  local key = KEYS[i]
  if key == sections then
    if check_type(key, 'set') and repair then forget_sections() end
  else
    local letter = string.match(key, '(.):{') or string.match(key, '(.):$')
    if letter == 'n' then check_node(key)
    elseif letter == 'v' then check_body(key)
    elseif letter == 'l' or letter == 'b' then check_locks(key)
    elseif letter == 'w' or letter == 'u' or letter == 'g' or letter == 'p' or letter == 'j' then check_wake_ups(key)
    elseif letter == 'e' then check_expected(key)
    elseif letter == 'f' then check_counter(key) end
  end
end
return faults
