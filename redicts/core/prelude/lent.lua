-- prelude lent: bodies of typed leaves that came with the call, at keys of their own until the script ends.

local lent = {}

-- Put the bodies ARGV[from] to the last one beside a key, and add their keys to a table. The server's error, or nil.
local function lend(from, beside, keys)
  for at = from, #ARGV do
    local key = beside .. '..' .. string.format('%d', at)  -- no component is empty: nobody else has such a key
    local reply = redis.pcall('SET', key, ARGV[at])
    if reply.err then return reply end
    lent[#lent + 1], keys[#keys + 1] = key, key
  end
  return nil
end

-- Take them away. To be called before the script ends, whatever happened.
local function give_back()
  for _, key in ipairs(lent) do redis.call('UNLINK', key) end
end
