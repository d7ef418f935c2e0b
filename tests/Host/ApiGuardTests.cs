using System.Net;
using Microsoft.AspNetCore.Http;
using StreamEngine.Host.Api;
using StreamEngine.Keys;
using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Host.Tests;

/// <summary>Who may make calls that change something.</summary>
public sealed class ApiGuardTests
{
    private const string Key = "0123456789abcdef-key";

    private static readonly ServerOptions Open = new();
    private static readonly ServerOptions Closed = new() { ApiKey = Key, Hosts = ["api.example.com"] };

    [Theory]
    [InlineData("127.0.0.1", "localhost:8765")]
    [InlineData("::1", "[::1]:8765")]
    [InlineData("::ffff:127.0.0.1", "127.0.0.1:8765")]
    [InlineData("127.3.2.1", "LOCALHOST")]
    public void Without_a_key_programs_of_this_machine_may(string from, string host) => Is(null, Open, from, host);

    [Theory]
    [InlineData("10.0.0.7")]
    [InlineData("fe80::1")]
    [InlineData("::ffff:10.0.0.7")]
    [InlineData(null)]
    public void Without_a_key_others_may_not(string? from) => Is("not_from_here", Open, from, "127.0.0.1:8765");

    [Theory]
    [InlineData("Forwarded", "for=10.0.0.7")]
    [InlineData("X-Forwarded-For", "127.0.0.1")]
    [InlineData("x-forwarded-proto", "https")]
    [InlineData("X-Forwarded-Host", "")]
    [InlineData("X-Real-IP", "10.0.0.7")]
    [InlineData("Via", "1.1 proxy")]
    public void Behind_a_proxy_everybody_is_another_machine(string header, string value) => Is("not_from_here", Open, "127.0.0.1", "127.0.0.1", (header, value));

    [Theory]
    [InlineData("rebound.example:8765")]
    [InlineData("localhost.example")]
    [InlineData("127.0.0.1.example")]
    [InlineData("api.example.com")]
    [InlineData("")]
    public void A_name_that_is_not_ours_is_refused(string host) => Is("host_not_allowed", Open, "127.0.0.1", host);

    [Theory]
    [InlineData("http://localhost:8765", null)]
    [InlineData("http://LOCALHOST:8765", null)]
    [InlineData("http://localhost:3000", "origin_not_allowed")]
    [InlineData("http://evil.example", "origin_not_allowed")]
    [InlineData("http://evil.example:8765", "origin_not_allowed")]
    [InlineData("null", "origin_not_allowed")]
    [InlineData("", "origin_not_allowed")]
    public void A_page_of_another_server_is_refused(string origin, string? code) => Is(code, Open, "127.0.0.1", "localhost:8765", ("Origin", origin));

    [Theory]
    [InlineData("api.example.com", true)]
    [InlineData("10.0.0.7", true)]
    [InlineData("api.example.com:8443", false)]
    [InlineData("https://api.example.com", false)]
    [InlineData("", false)]
    public void A_host_is_a_bare_name(string host, bool isOne) => Assert.Equal(isOne, ApiGuard.HostFault(host) is null);

    [Fact]
    public void The_key_may_stand_beside_another_token() => Is(null, Closed, "10.0.0.7", "api.example.com", ("Authorization", "Bearer of-the-gateway"), ("X-API-Key", Key));

    [Theory]
    [InlineData("Authorization", "Bearer " + Key, null)]
    [InlineData("Authorization", "bearer  " + Key, null)]
    [InlineData("X-API-Key", Key, null)]
    [InlineData("X-API-Key", Key + "x", "api_key_required")]
    [InlineData("X-API-Key", "0123456789abcdef-kez", "api_key_required")]
    [InlineData("X-API-Key", "", "api_key_required")]
    [InlineData("Authorization", "Basic " + Key, "api_key_required")]
    [InlineData("Authorization", Key, "api_key_required")]
    [InlineData("Accept", "*/*", "api_key_required")]
    public void With_a_key_who_brings_it_may_and_nobody_else(string header, string value, string? code)
    {
        foreach (var from in (string[])["127.0.0.1", "10.0.0.7"])
        {
            var context = Is(code, Closed, from, "api.example.com", (header, value), ("X-Forwarded-For", "10.0.0.8"));
            Assert.Equal(code is null ? "" : "Bearer", context.Response.Headers.WWWAuthenticate.ToString());
        }
    }

    [Theory]
    [InlineData("api.example.com", "https://api.example.com", null)]
    [InlineData("127.0.0.1:8765", "https://api.example.com", null)]
    [InlineData("127.0.0.1:8765", "https://evil.example", "origin_not_allowed")]
    [InlineData("evil.example", "https://evil.example", "host_not_allowed")]
    public void Names_that_are_configured_are_ours(string host, string origin, string? code) => Is(code, Closed, "10.0.0.7", host, ("Origin", origin), ("X-API-Key", Key));

    private static DefaultHttpContext Is(string? code, ServerOptions options, string? from, string host, params (string Name, string Value)[] headers)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = from is null ? null : IPAddress.Parse(from);
        context.Request.Host = new HostString(host);
        foreach (var (name, value) in headers)
        {
            context.Request.Headers[name] = value;
        }

        var refused = new ApiGuard(options).Refuse(context);
        var problem = refused is null ? null : Assert.IsType<Problem>(((IValueHttpResult)refused).Value);
        Assert.Equal(code, problem?.Code);
        Assert.DoesNotContain(Key, problem?.Detail ?? "", StringComparison.Ordinal);
        return context;
    }
}
