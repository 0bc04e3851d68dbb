-- hyperloglog_merge: put others into a HyperLogLog, or what they make together in its place.
-- KEYS: header; the hash of the entry; the body; the same of each other.
-- ARGV: header; field; marker; "1" where it takes part itself, as the first, "0" where it only gets the result; the
--   number of others; the field of each; the bodies of more, as GET gives them.
-- Reply: about how many elements it has seen then. Its time to live stays.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND, with the marker found and the number of the HyperLogLog (0 or none for the one
--   that is written); the server's, of a body that is none: nothing was written.
-- Complexity: O(HyperLogLogs), 12 KB each.
-- Needs: leaf, sets, lent

local refused = unfit()
if refused then return refused end
local part, count = ARGV[own] == '1', tonumber(ARGV[own + 1])
local sources = part and there and {body} or {}
for i = 1, count do
  local other, wrong = body_at(own_key + 2 * i, ARGV[own + 1 + i], marker, i)
  if wrong then return wrong end
  sources[#sources + 1] = other
end

-- The union is made beside the body: until it is there, anything may turn out not to be a HyperLogLog.
local union = body .. '.'  -- no component is empty: nobody else has such a key
local reply = lend(own + 2 + count, body, sources)
if not reply and #sources > 0 then reply = redis.pcall('PFMERGE', union, unpack(sources)) end
give_back()
if reply and reply.err then return reply end
local size = redis.call('PFCOUNT', union)
if size == 0 then
  redis.call('UNLINK', union)
  if there and not part then
    redis.call('UNLINK', body)
    settle()
  end
  return 0
end
local deadline = there and deadline_of(body) or NONE
refused = mount()
if refused then
  redis.call('UNLINK', union)
  return refused
end
redis.call('RENAME', union, body)
if deadline > 0 then set_deadline(body, deadline) end
settle()
return size
