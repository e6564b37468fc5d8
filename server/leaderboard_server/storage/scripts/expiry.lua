-- The part of scripts that move the time at which a contest expires. Appended to position.lua.

-- Returns when a contest expires, in milliseconds since 1970 as text; '' if it does not.
--   ends_at       when it closes, '' if it does not
--   expire_after  how long after that, or after the write of now, it expires; '' for never
--   before        when it expires so far, or nil
-- Where it counts from the last write it is later by up to a minute, so that it has to be moved at
-- most once a minute.
local function expiry(ends_at, expire_after, before)
  if expire_after == '' then
    return ''
  elseif ends_at ~= '' then
    return whole(ends_at + expire_after)
  end
  local least = now_ms() + expire_after
  if before and least <= tonumber(before) then
    return before
  end
  return whole(least + math.floor(math.min(60000, expire_after / 60)))
end
