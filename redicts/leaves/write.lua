-- write: one writing command on the body of a typed leaf.
-- KEYS: header; the hash of the entry; the body; for leaves that are waited for, three more: see the prelude's leaf.
-- ARGV: header; field; marker; "+" for a command that adds elements, "-" for one that may take the last one away, "=" for
--   one that does neither; the command; what follows the key in it.
-- Reply: the command's; with many arguments the sum of several (of a push the last: the length).
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND, OUTOFRANGE (an index that is none): nothing was written.
-- Complexity: the command's.
-- Needs: leaf

local function out_of_range(reply)
  if string.find(tostring(reply.err), 'index out of range', 1, true) then return redis.error_reply('OUTOFRANGE') end
  return reply
end

local guard = ARGV[1] == '1' and 1 or 0
local alive = ARGV[1] == '0'
if guard == 1 then
  local deadline, time = redis.call('ZSCORE', KEYS[1], ARGV[3]), redis.call('TIME')
  alive = deadline and tonumber(deadline) > time[1] * 1000 + math.floor(time[2] / 1000)
end
local reply = nil
if alive and #ARGV < 4000 then
  local at = guard + (ARGV[2] == '1' and 2 or 1)
  local change = ARGV[5 + guard]
  if redis.call('HGET', KEYS[at], ARGV[3 + guard]) == ARGV[4 + guard] and redis.call('EXISTS', KEYS[at + 1]) == 1 then
    reply = redis.pcall(ARGV[6 + guard], KEYS[at + 1], unpack(ARGV, 7 + guard))
    local wait = change ~= '=' and KEYS[at + 2]
    if type(reply) == 'table' and reply.err then return out_of_range(reply) end
    if (change ~= '-' or redis.call('EXISTS', KEYS[at + 1]) == 1)
      and not (wait and redis.call('EXISTS', wait) == 1) then return reply end
  end
end
-- Prelude

local change, command, last = ARGV[own], ARGV[own + 1], #ARGV
if reply == nil then
  local refused = unfit() or (change == '+' and mount())
  if refused then return refused end
  if change == '=' and not there then return redis.error_reply('OUTOFRANGE') end
  if change == '-' and not there then return redis.call(command, body .. '.', unpack(ARGV, own + 2, math.min(last, own + 1 + CHUNK))) end
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
if change ~= '=' then settle() end
if change == '+' then announce('get') elseif change == '-' then announce('put') end
return reply
