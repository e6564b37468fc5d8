-- The part of scripts that change the settings of a contest: its rules and its display name.
-- Appended to position.lua, epoch.lua and log.lua.

-- Returns the error for a right that the script needs and the store's user lacks, nil if it has all.
local function missing_settings_right(board_key, meta_key, log_key)
  return missing_right({
    {'HSET', meta_key, 'epoch', ''}, {'HDEL', meta_key, 'rules'}, {'ZCARD', board_key}, {'TIME'},
    {'XREVRANGE', log_key, '+', '-'}, {'XADD', log_key, '*', 'commit', ''},
  })
end

-- Writes the settings in a commit without changes: takes a revision, logs and publishes.
--   keys                {board, users, meta, log}
--   channel             the channel of the contest
--   kept                how many changes the log keeps, at least
--   epoch, revision     the position of the contest
--   rules, name         the settings, '' for the default
-- Returns the new revision.
local function write_settings(keys, channel, kept, epoch, revision, rules, name)
  local board, _, meta, log = unpack(keys)
  local after = revision + 1
  local fields, absent = {'epoch', epoch, 'revision', whole(after)}, {}
  for field, value in pairs({rules = rules, display_name = name}) do
    if value == '' then
      absent[#absent + 1] = field
    else
      fields[#fields + 1] = field
      fields[#fields + 1] = value
    end
  end
  redis.call('HSET', meta, unpack(fields))
  if #absent > 0 then
    redis.call('HDEL', meta, unpack(absent))
  end
  local payload = '["' .. epoch .. '",' .. whole(revision) .. ',' .. whole(after) .. ','
    .. redis.call('ZCARD', board) .. ',"contest_updated"]'
  append_to_log(log, revision, after, payload, tonumber(kept))
  redis.pcall('PUBLISH', channel, payload)
  return after
end

-- Returns the reply of a script: {epoch, revision, rules, display name, when the contest began in
-- seconds since 1970 or '', total users, outcome}, with numbers as text.
local function settings_reply(keys, epoch, revision, outcome)
  local meta = redis.call('HMGET', keys[3], 'rules', 'display_name', 'created_at')
  local total = whole(redis.call('ZCARD', keys[1]))
  return {epoch, whole(revision), meta[1] or '', meta[2] or '', meta[3] or '', total, outcome}
end
