-- The part of scripts that change the settings of a contest. Appended to position.lua, epoch.lua,
-- log.lua and expiry.lua.

-- The fields of meta that can be set; one that is absent has its default, '' in arguments and replies.
--   rules         JSON, see rules.lua
--   display_name  text
--   starts_at, ends_at  when the contest opens and closes, in milliseconds since 1970
--   expire_after  how long after its end, or its last write, it expires, in milliseconds
--   reset_schedule  when seasons end: '<time zone> <cron expression>'
--   keep_seasons  how many seasons are kept
local SETTINGS = {
  'rules', 'display_name', 'starts_at', 'ends_at', 'expire_after', 'reset_schedule', 'keep_seasons',
}

-- Returns the error for a right that the script needs and the store's user lacks, nil if it has all.
local function missing_settings_right(keys)
  local board, users, meta, log = unpack(keys)
  return missing_right({
    {'HSET', meta, 'epoch', ''}, {'HDEL', meta, 'rules'}, {'ZCARD', board}, {'HLEN', users}, {'TIME'},
    {'XREVRANGE', log, '+', '-'}, {'XADD', log, '*', 'commit', ''},
  })
end

-- Returns the settings as a table of texts in the order of SETTINGS.
--   first  the index in ARGV of the first one; nil reads them from the store
local function read_settings(meta_key, first)
  local values = first and {unpack(ARGV, first, first + #SETTINGS - 1)}
    or redis.call('HMGET', meta_key, unpack(SETTINGS))
  for i = 1, #SETTINGS do
    values[i] = values[i] or ''
  end
  return values
end

-- Returns whether two tables of settings are the same.
local function same_settings(some, others)
  return table.concat(some, '\n') == table.concat(others, '\n')
end

-- Writes the settings in a commit without changes: takes a revision, logs and publishes.
--   keys             the keys of the script
--   channel          the channel of the contest
--   kept             how many changes the log keeps, at least
--   epoch, revision  the position of the contest
--   settings         the settings
--   reset_at         when the season ends by the schedule, in milliseconds since 1970, '' if not
-- Returns the new revision.
local function write_settings(keys, channel, kept, epoch, revision, settings, reset_at)
  local board, _, meta, log = unpack(keys)
  local after = revision + 1
  local fields = {'epoch', epoch, 'revision', whole(after), 'schema', SCHEMA}
  local absent = {}
  local function set(field, value)
    if value == '' then
      absent[#absent + 1] = field
    else
      fields[#fields + 1] = field
      fields[#fields + 1] = value
    end
  end
  for i, field in ipairs(SETTINGS) do
    set(field, settings[i])
  end
  set('expires_at', expiry(settings[3], settings[4], settings[5]))
  set('reset_at', reset_at)
  redis.call('HSET', meta, unpack(fields))
  if #absent > 0 then
    redis.call('HDEL', meta, unpack(absent))
  end
  local payload = payload_head(epoch, revision, after, redis.call('ZCARD', board))
    .. ',"contest_updated"]'
  append_to_log(log, revision, after, payload, tonumber(kept))
  redis.pcall('PUBLISH', channel, payload)
  return after
end

-- Returns the reply of a script: {epoch, revision, when the contest began in seconds since 1970 or
-- '', total users, the time of the store and when the season ends, in milliseconds since 1970, '' if
-- it does not, settings..., outcome}, with numbers as text.
local function settings_reply(keys, epoch, revision, outcome)
  local created_at, reset_at = unpack(redis.call('HMGET', keys[3], 'created_at', 'reset_at'))
  local reply = {
    epoch, whole(revision), created_at or '', whole(redis.call('ZCARD', keys[1])), whole(now_ms()),
    reset_at or '',
  }
  for _, value in ipairs(read_settings(keys[3])) do
    reply[#reply + 1] = value
  end
  reply[#reply + 1] = outcome
  return reply
end
