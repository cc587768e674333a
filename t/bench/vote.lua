-- Votes of random members on random deals, for wrk: -- DEALS MEMBERS

local deals, members

function init(args)
    deals, members = tonumber(args[1]), tonumber(args[2])
    math.randomseed(os.time() + math.floor(os.clock() * 1000000))
    wrk.method = "PUT"
end

function request()
    return wrk.format(nil,
        "/api/v1/deals/" .. math.random(deals) .. "/vote",
        { ["Authorization"] = "Bearer " .. math.random(members)
                              .. ".MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
          ["Content-Type"] = "application/json" },
        '{"value":' .. math.random(-1, 1) .. "}")
end
