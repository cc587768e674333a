-- Votes, each of another member or on another deal until all pairs are done, for
-- wrk: -- FIRST DEALS MEMBERS START. What is alike in all of them is made once: the
-- load should cost little beside what is measured.

local first, deals, members, n
local parts = {}

local function parts_of(value)
    local text = wrk.format("PUT", "/api/v1/deals/DEAL/vote",
        { ["Authorization"] = "Bearer MEMBER.MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
          ["Content-Type"] = "application/json" },
        '{"value":' .. value .. "}")
    return { text:match("^(.*)DEAL(.*)MEMBER(.*)$") }
end

function init(args)
    first, deals = tonumber(args[1]), tonumber(args[2])
    members, n = tonumber(args[3]), tonumber(args[4])
    math.randomseed(n)
    for value = -1, 1 do
        parts[value] = parts_of(value)
    end
end

function request()
    n = n + 1
    local deal = first + n * 7919 % deals
    local member = 1 + (deal * 31 + math.floor(n / deals)) % members
    local part = parts[math.random(-1, 1)]
    return part[1] .. deal .. part[2] .. member .. part[3]
end
