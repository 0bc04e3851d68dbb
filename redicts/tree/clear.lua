-- clear: remove every section.
-- KEYS: header, with the set of the sections' names.
-- ARGV: header.
-- Reply: 1 where something was there, else 0.
-- Errors: LOCKLOST: nothing was removed.
-- Complexity: O(what is removed).
-- Needs: header, write

local refused = lost_guard()
if refused then return refused end
local lived = 0
for _, name in ipairs(redis.call('SMEMBERS', sections)) do
  if remove(section_of(sections, name), '') then lived = 1 end
end
redis.call('UNLINK', sections)
return lived
