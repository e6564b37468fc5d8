-- The second part of scripts that write: begins epochs, and checks the schema version and the rights
-- of the store's user.

local SCHEMA = 3  -- the version of the layout of keys and values that this server knows

-- Returns the error for a contest of a later schema version, which this server would damage.
--   schema  the field of meta, false for the first version
local function newer_schema(schema)
  if schema and tonumber(schema) > SCHEMA then
    return redis.error_reply('NEWERSCHEMA the contest has schema version ' .. schema)
  end
end

-- Returns the error for the first command that the store's user may not run, nil if there is none.
-- Without a right a script would break between two writes, so this comes before the first one.
local function missing_right(commands)
  for _, command in ipairs(commands) do
    if not redis.acl_check_cmd(unpack(command)) then
      return redis.error_reply('NOPERM the user of this server may not run ' .. command[1])
    end
  end
end

-- Returns whether the server has to recover the contest before this script may run: it has expired or
-- its season is over.
local function recover_first(state)
  return state == 'expired' or state == 'due'
end

-- Returns the name of an epoch of a season.
local function epoch_of_season(meta_key, new_epoch, season)
  return season > 1 and new_epoch .. end_of_name(meta_key, season) or new_epoch
end

-- Returns the revision after which the log of a contest goes on, and whether it has a log.
local function last_revision(log_key, revision)
  local last = redis.call('XREVRANGE', log_key, '+', '-', 'COUNT', 1)[1]
  return last and math.max(revision, tonumber(last[1]:match('^%d+'))) or revision, last ~= nil
end

-- Begins a new epoch after all that the contest has. Where a log is found, of whatever history, the
-- epoch takes the revision after its last id, and trims the log with an entry of its own.
--   new_epoch        its name without the season
--   epoch, revision  the position of the contest; a contest without an epoch begins now
-- Returns the epoch, the revision that it begins at, and its payload: a commit without changes.
local function begin_epoch(board_key, meta_key, log_key, new_epoch, epoch, revision)
  local before, is_logged = last_revision(log_key, revision)
  new_epoch = epoch_of_season(meta_key, new_epoch, season_of(epoch))
  revision = is_logged and before + 1 or revision
  local at, total = whole(revision), whole(redis.call('ZCARD', board_key))
  local payload = '["' .. new_epoch .. '",' .. whole(before) .. ',' .. at .. ',' .. total .. ']'
  local fields = {'epoch', new_epoch, 'revision', at, 'schema', SCHEMA}
  if epoch == '' then
    fields[7], fields[8] = 'created_at', whole(math.floor(now_ms() / 1000))
    fields[9], fields[10] = 'first_epoch', new_epoch
  end
  redis.call('HSET', meta_key, unpack(fields))
  if is_logged then
    redis.call('XADD', log_key, 'MINID', '=', at, at .. '-0', 'commit', payload)
  end
  return new_epoch, revision, payload
end

-- Begins a new epoch where the history was lost, and publishes it.
--   keys             the keys of the script
--   channel          the channel of the contest
--   epoch, revision  the position of the contest
-- Returns the new position.
local function begin_and_publish(keys, channel, new_epoch, epoch, revision)
  local began, at, payload = begin_epoch(keys[1], keys[3], keys[4], new_epoch, epoch, revision)
  redis.pcall('PUBLISH', channel, payload)
  return began, at
end
