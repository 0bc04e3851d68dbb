-- prelude tidy: removing what has expired, by chance.
-- Needs: header, read, write

-- Expired entries of a node are met by chance: each new entry with a deadline of its own looks at four others, so that
-- names used once (sessions, tokens) leave a bounded residue: at a fourth dead, each new one removes one on average.
local function tidy(key)
  local flat = some_fields(key, 4)
  for i = 1, #flat, 2 do
    if not alive_entry(key, flat[i], flat[i + 1]) then
      unlink_beneath(key, flat[i], flat[i + 1])
      redis.call('HDEL', key, flat[i])
    end
  end
end

local function tidy_sections()
  for _, name in ipairs(redis.call('SRANDMEMBER', sections, 4)) do
    local key = section_of(sections, name)
    if not living(key, '') then
      unlink_node(key)
      redis.call('SREM', sections, name)
    end
  end
end

-- Tidy beside an entry that has got a deadline of its own. A node that holds nothing else ends with it, so the places
-- beside that node are looked at too. (Not before the entry is there: a node just made for it would look dead.)
local function tidy_beside(key, field)
  while field ~= '' do
    tidy(key)
    if redis.call('HLEN', key) > 1 then return end
    local parent, name = entry_of(key)
    key, field = parent or key, name or ''
  end
  if sections then tidy_sections() end
end
