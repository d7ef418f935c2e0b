using StreamEngine.Pipeline.Tests;
using StreamEngine.Sources.Simulator;

namespace StreamEngine.Sources.Tests.Simulator;

/// <summary>What is wrong with a pretended provider's settings is told with its place.</summary>
public class SimOptionsTests
{
    [Theory]
    [InlineData("""{ "insist": true }""", "(1,3): error: insist: unknown setting; did you mean 'insists'?")]
    [InlineData("""{ "url": "ftp://x" }""", "(1,10): error: url: 'ftp://x' is not an address to listen on; write it like http://127.0.0.1:8790")]
    [InlineData("""{ "url": "http://user:pw@127.0.0.1:1" }""", "(1,10): error: url: 'http://user:pw@127.0.0.1:1' is not an address to listen on; write it like http://127.0.0.1:8790")]
    [InlineData("""{ "throttle": { "perSecond": 0 } }""", "(1,30): error: throttle.perSecond: must be between 1 and 100000, found number 0")]
    [InlineData("""{ "throttle": { "zone": "Mars" } }""", "(1,25): error: throttle.zone: 'Mars' is no time zone this machine knows; write one like America/New_York")]
    [InlineData("""{ "tells": { "window": "hour" } }""", "(1,24): error: tells.window: there is no window 'hour'; there are: second, minute")]
    [InlineData("""{ "tells": { "reset": "a b" } }""", "(1,23): error: tells.reset: 'a b' is no name of a header; write one like X-RateLimit-Limit, or null for none")]
    [InlineData("""{ "paths": [{ "path": "items", "items": 3 }] }""", "(1,23): error: paths[0].path: must begin with '/' but not with '/_sim', without a query, found 'items'")]
    [InlineData("""{ "paths": [{ "path": "/a" }] }""", "(1,13): error: paths[0]: has no answer; give one of json, file and items")]
    [InlineData("""{ "paths": [{ "path": "/a", "json": 1, "items": 3 }] }""", "(1,13): error: paths[0]: has several answers; give one of json, file and items")]
    [InlineData("""{ "paths": [{ "path": "/a", "json": 1 }, { "path": "/a", "json": 2 }] }""", "(1,52): error: paths[1].path: '/a' is given twice; keep one of them")]
    [InlineData("""{ "paths": [{ "path": "/a", "json": 1, "every": "1s" }] }""", "(1,49): error: paths[0].every: is for made-up items; remove it, or give \"items\"")]
    [InlineData("""{ "paths": [{ "path": "/a/*", "items": 2 }] }""", "(1,23): error: paths[0].path: items need a path of their own; leave out the '*'")]
    [InlineData("""{ "paths": [{ "path": "/a", "file": "no.json" }] }""", "(1,37): error: paths[0].file: 'no.json' can't be read (it does not exist); create it, or correct its name")]
    [InlineData("""{ "faults": [{ "kind": "hangs" }] }""", "(1,24): error: faults[0].kind: expected one of tooManyRequests, status, hang, slowBody, cutJson, cutConnection, html, gzipBomb, endless, redirectLoop, reset, frozen, backwards, truncated, error, throttled, found text 'hangs'; did you mean 'hang'?")]
    [InlineData("""{ "faults": [{ "from": "1s" }] }""", "(1,14): error: faults[0].kind: required, but missing; ")]
    [InlineData("""{ "faults": [{ "kind": "hang", "path": "a" }] }""", "(1,40): error: faults[0].path: must begin with '/', or be '*', found 'a'")]
    [InlineData("""{ "faults": [{ "kind": "hang", "retryAfter": "1s" }] }""", "(1,46): error: faults[0].retryAfter: has no meaning for 'hang'; it is for tooManyRequests, throttled")]
    [InlineData("""{ "faults": [{ "kind": "html", "size": "1MB" }] }""", "(1,40): error: faults[0].size: has no meaning for 'html'; it is for gzipBomb")]
    [InlineData("""{ "faults": { "kind": "hang", "share": 2 } }""", "(1,40): error: faults.share: must be between 0 and 1, found number 2")]
    public void A_fault_has_its_place_and_a_remedy(string settings, string expected)
    {
        using var folder = new TempFolder();
        var file = folder.File("sim.json");
        System.IO.File.WriteAllText(file, settings);
        Assert.Null(SimOptions.Load(file, [], _ => null, out var faults));
        Assert.StartsWith(file + expected, Assert.Single(faults).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_is_named()
    {
        Assert.Null(SimOptions.Load("no.json", [], _ => null, out var faults));
        Assert.Equal("no.json(1,1): error: there is no file 'no.json'; give the path of a file of settings", Assert.Single(faults).ToString());
    }

    [Fact]
    public void Settings_may_come_from_the_environment_and_the_command_line()
    {
        using var folder = new TempFolder();
        var file = folder.File("sim.json");
        System.IO.File.WriteAllText(file, """{ "seed": "${SEED}", "name": "a" }""");
        var options = SimOptions.Load(file, ["throttle.perSecond=7", "name=b"], name => name == "SEED" ? "5" : null, out var faults);
        Assert.Empty(faults);
        Assert.Equal((5, 7, "b"), (options!.Seed, options.Throttle.PerSecond, options.Name));
    }
}
