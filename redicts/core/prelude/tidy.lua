-- prelude tidy: removing what has expired, by chance.
-- Needs: header, read, write

-- Expired entries of a node are met by chance: each new entry with a deadline of its own looks at four others, so that
-- names used once (sessions, tokens) leave a bounded residue: about a fourth of the living ones.
local function tidy(key)
  local flat = redis.call('HRANDFIELD', key, 4, 'WITHVALUES')
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
