-- Random lookups through the switch's own functions, all kinds, in all the domains at once. Every answer about
-- one domain is searched for what is only in another's.
--   lua canaries.lua COUNT SEED DOMAIN=CANARY… USERNAME…
local count, seed = tonumber(argv[1]), tonumber(argv[2])
local domains, names = {}, {}
for at = 3, #argv do
  local domain, canary = argv[at]:match("^(.-)=(.+)$")
  if domain then
    table.insert(domains, { name = domain, canary = canary })
  else
    table.insert(names, argv[at])
  end
end
math.randomseed(seed)

local api = freeswitch.API()
local function any(list) return list[math.random(#list)] end
local function jumbled(text)
  if math.random(3) > 1 then return text end
  return (text:gsub("%a", function(letter) return math.random(2) == 1 and letter:upper() or letter end))
end
local function stray(domain)
  return any({ "nobody", "100", "", "_all_", "*", any(names) .. "@" .. domain.name, any(names) .. any(names) })
end

-- What is asked, and whether somebody must be found.
local function question(domain, foreign)
  local known = math.random(4) > 1
  local name = known and jumbled(any(names)) or stray(foreign)
  local place = jumbled(domain.name)
  local kind = math.random(1000)
  if kind <= 600 then return "find_user_xml", "id " .. name .. " " .. place, known end
  if kind <= 700 then return "user_data", name .. "@" .. place .. " var effective_caller_id_name", known end
  if kind <= 800 then return "user_data", name .. "@" .. place .. " param dial-string", false end
  if kind <= 900 then return "find_user_xml", "number-alias " .. name .. " " .. place, false end
  if kind <= 930 then return "domain_data", place .. " attr name", false end
  if kind <= 960 then return "group_call", name .. "@" .. place, false end
  if kind <= 980 then return "list_users", "domain " .. place, false end
  return "xml_locate", "directory domain name " .. place, true
end

local found = 0
for _ = 1, count do
  local at = math.random(#domains)
  local domain = domains[at]
  local foreign = domains[(at + math.random(#domains - 1) - 1) % #domains + 1]
  local command, arguments, must = question(domain, foreign)
  local answer = api:execute(command, arguments) or ""
  if answer:find(domain.canary, 1, true) then
    found = found + 1
  elseif must then
    stream:write("-ERR " .. command .. " " .. arguments .. " did not find its own: " .. answer .. "\n")
    return
  end
  if answer:find(foreign.canary, 1, true) or answer:find(foreign.name, 1, true) then
    stream:write("-ERR " .. command .. " " .. arguments .. " shows " .. foreign.name .. ": " .. answer .. "\n")
    return
  end
end
stream:write("+OK " .. count .. " lookups, " .. found .. " found\n")
