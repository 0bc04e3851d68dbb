-- write: one writing command on the body of a typed leaf.
-- KEYS: header; the hash of the entry; the body; for leaves that are waited for, one more: see the prelude's leaf.
-- ARGV: header; field; marker; "+" for a command that adds elements, "-" for one that may take the last one away, "=" for
--   one that does neither; the command; what follows the key in it.
-- Reply: the command's; with many arguments the sum of several (of a push the last: the length).
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND, OUTOFRANGE (an index that is none): nothing was written.
-- Complexity: the command's.
-- First: proof
-- Needs: leaf

local function out_of_range(reply)
  for _, text in ipairs({'index out of range', 'no such key'}) do
    if string.find(tostring(reply.err), text, 1, true) then return redis.error_reply('OUTOFRANGE') end
  end
  return reply
end

local reply, fresh = nil, false  -- fresh: the body had expired; the marker was still there
if alive and #ARGV < 4000 then
  local at = guard + (ARGV[2] == '1' and 2 or 1)
  if redis.call('HGET', KEYS[at], ARGV[3 + guard]) == ARGV[4 + guard] then
    local change, body, command = ARGV[5 + guard], KEYS[at + 1], ARGV[6 + guard]
    -- What only takes, and LSET, make nothing of a body that is not there. What pushes tells whether one was.
    local pushes = command == 'RPUSH' or command == 'LPUSH'
    if change ~= '+' or pushes or redis.call('EXISTS', body) == 1 then
      reply = redis.pcall(command, body, unpack(ARGV, 7 + guard))
      if type(reply) == 'table' and reply.err then return out_of_range(reply) end
      if change == '+' then
        fresh = pushes and reply <= #ARGV - 6 - guard
        if not fresh and (not KEYS[at + 2] or redis.call('EXISTS', KEYS[at + 2]) == 0) then return reply end
      elseif change == '=' or redis.call('EXISTS', body) == 1 then
        return reply
      end
    end
  end
end
-- Prelude

local change, command, last = ARGV[own], ARGV[own + 1], #ARGV
if reply == nil then
  local refused = unfit() or (change == '+' and mount())
  if refused then return refused end
  if change == '=' and not there then return redis.error_reply('OUTOFRANGE') end
  if change == '-' and not there then
    return redis.call(command, body .. '.', unpack(ARGV, own + 2, math.min(last, own + 1 + CHUNK)))
  end
  if last - own < CHUNK then
    reply = redis.pcall(command, body, unpack(ARGV, own + 2))
    if type(reply) == 'table' and reply.err then
      if change == '+' then settle() end  -- it was mounted for nothing
      return out_of_range(reply)
    end
  else
    reply = many(command, own + 2, last)
  end
end
if fresh and field ~= '' then limit = sooner(deadline_of(key), NONE) end
if change ~= '=' then settle() end
if change == '+' then announce('get') end
return reply
