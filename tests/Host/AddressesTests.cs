using StreamEngine.Host.Running;

namespace StreamEngine.Host.Tests;

public sealed class AddressesTests
{
    [Theory]
    [InlineData("http://127.0.0.1:8765")]
    [InlineData("http://127.0.0.1:0")]
    [InlineData("http://localhost:8080")]
    [InlineData("http://*:80")]
    [InlineData("http://+:80")]
    [InlineData("http://[::1]:8765")]
    [InlineData("http://[::]:8765")]
    public void Good_addresses_have_no_fault(string url) => Assert.Null(Addresses.Fault(url));

    [Theory]
    [InlineData("nowhere", "write it like http://127.0.0.1:8765")]
    [InlineData("ftp://127.0.0.1:21", "write it like http://127.0.0.1:8765")]
    [InlineData("http://127.0.0.1:99999", "write it like http://127.0.0.1:8765")]
    [InlineData("http://127.0.0.1:80x", "write it like http://127.0.0.1:8765")]
    [InlineData("http://[::1]:80x", "write it like http://127.0.0.1:8765")]
    [InlineData("http://locahost:8765", "http://*:8765 for every interface")]
    [InlineData("https://127.0.0.1:8765", "reverse proxy")]
    [InlineData("http://127.0.0.1:8765/api", "http://127.0.0.1:8765")]
    [InlineData("http://localhost:0", "http://127.0.0.1:0")]
    public void Bad_ones_are_told_with_the_remedy(string url, string remedy)
    {
        var fault = Addresses.Fault(url);

        Assert.Contains($"'{url}'", fault, StringComparison.Ordinal);
        Assert.Contains(remedy, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void The_command_line_comes_first_then_the_environment_then_the_config()
    {
        Assert.Equal(["http://a:1", "http://b:2"], Addresses.Choose("http://a:1; http://b:2", "http://e:1", "http://c:1"));
        Assert.Equal(["http://e:1"], Addresses.Choose(null, "http://e:1", "http://c:1"));
        Assert.Equal(["http://c:1"], Addresses.Choose(null, "", "http://c:1"));
    }
}
