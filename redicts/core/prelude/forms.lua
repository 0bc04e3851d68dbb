-- prelude forms: how bodies that are more than their elements are shown as JSON. core/kinds.py says which form is whose.
-- Needs: clock

local FORMS = {}

-- (A rate limiter has a rest after it, which is less than 1.)
function FORMS.number(body) return string.match(redis.call('GET', body), '^[^ ]*') end

function FORMS.estimate(body) return string.format('%.0f', redis.call('PFCOUNT', body)) end

-- (What stands in the header; null where that is none.)
function FORMS.filter(body)
  local length = string.match(redis.call('GETRANGE', body, 0, 255), '^redicts bloom .* length=([%d.e+]+) ')
  return length and string.format('%.0f', tonumber(length)) or 'null'
end

function FORMS.holders(body)
  local live = 0
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', body, string.format('(%.0f', now_ms()), '+inf')) do
    if string.sub(member, 1, 2) == '+ ' then live = live + 1 end
  end
  return tostring(live)
end
