using Microsoft.AspNetCore.Http;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Tests.Http;

public sealed class CostTests
{
    [Theory]
    [InlineData("", 2)]
    [InlineData("?regions=us&markets=h2h", 2)]
    [InlineData("?regions=us,uk&markets=h2h%2Cspreads,totals", 12)]
    [InlineData("?regions=us&regions=uk&other=a,b,c", 4)]
    [InlineData("?regions=&markets", 2)]
    public void A_request_costs_its_credits_times_the_values_of_its_parameters(string query, int credits) =>
        Assert.Equal(credits, new CostOptions { Credits = 2, Times = ["regions", "markets"] }.Of(query));

    [Fact]
    public async Task What_requests_cost_is_taken_of_the_budget_also_by_pages_and_redirects()
    {
        await using var provider = await TestProvider.StartAsync(async (context, _) =>
        {
            if (context.Request.Path == "/moved")
            {
                context.Response.Redirect("/odds" + context.Request.QueryString);
                return;
            }

            await context.Response.WriteAsync("{}", context.RequestAborted);
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address) with
        {
            Throttle = new ThrottleOptions { PerSecond = null, PerMinute = null, PerDay = 100, Windows = [new WindowOptions { Limit = 50, Per = Duration.Seconds(86400), Counts = "requests" }] },
        });
        fixture.Run(("s", new HttpSourceOptions
        {
            Provider = "p",
            Request = ["/odds?regions=us,uk&markets=h2h,spreads", "/moved?regions=us,uk"],
            Every = new EveryOptions { Otherwise = Duration.Seconds(3600) },
            Cost = new CostOptions { Times = ["regions", "markets"] },
        }));

        await Eventually.TrueAsync(() => fixture.Health.Sources.GetValueOrDefault("s") is { Payloads: 2 });
        Assert.Equal([("day", 8), ("1d-requests", 3)], fixture.Gate.Throttle.Windows.Select(w => (w.Window, w.Used)));
    }

    [Fact]
    public void A_request_that_could_never_be_sent_and_a_parameter_that_no_request_has_are_faults()
    {
        var options = new HttpSourceOptions
        {
            Provider = "p",
            Request = ["/odds?regions=us,uk&markets=a,b"],
            Every = new EveryOptions { Otherwise = Duration.Seconds(60) },
            Cost = new CostOptions { Times = ["regions", "markets", "region"] },
        };
        var check = new CheckList("s", new PipelineOptions
        {
            Providers = new Dictionary<string, ProviderOptions> { ["p"] = new() { BaseUrl = "http://p" } },
            Sources = new Dictionary<string, SourceOptions> { ["s"] = options },
        });

        HttpSourceCheck.Run(options, check);

        Assert.Equal(
            [
                "cost.times: no request has the query parameter 'region'; correct the name, or remove it",
                "cost: a request costs 4, and provider 'p' allows 2 in its window 'second', so it could never be sent; raise that limit, or state the window under 'windows' with \"counts\": \"requests\"",
            ],
            check.Errors);
    }

    [Fact]
    public void The_budget_counts_what_requests_cost()
    {
        var options = new HttpSourceOptions
        {
            Provider = "p",
            Request = ["/odds?markets=a,b,c"],
            Every = new EveryOptions { Otherwise = Duration.Seconds(3600) },
            Cost = new CostOptions { Times = ["markets"] },
        };
        var check = new CheckList("s", new PipelineOptions
        {
            Providers = new Dictionary<string, ProviderOptions> { ["p"] = new() { BaseUrl = "http://p", Throttle = new ThrottleOptions { PerSecond = 10, PerDay = 36 } } },
            Sources = new Dictionary<string, SourceOptions> { ["s"] = options },
        });

        HttpSourceCheck.Run(options, check);

        Assert.Equal(["every: source 's' can ask 1 request of 3 credits every 1h = 0.02/min; provider 'p' allows 0.01/min; each would be asked every 7200s"], check.Warnings);
    }
}
