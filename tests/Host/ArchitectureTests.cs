using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace StreamEngine.Host.Tests;

public sealed class ArchitectureTests
{
    [Theory]
    [InlineData("streamengine", "StreamEngine.Pipeline", "StreamEngine.Sinks", "StreamEngine.Sources")]
    [InlineData("StreamEngine.Sources", "StreamEngine.Pipeline")]
    [InlineData("StreamEngine.Sinks", "StreamEngine.Pipeline")]
    [InlineData("StreamEngine.Simulation", "StreamEngine.Pipeline")]
    [InlineData("StreamEngine.Pipeline")]
    public void The_arrows_point_one_way(string assembly, params string[] allowed) =>
        Assert.Equal(allowed, References(assembly).Where(r => r.StartsWith("StreamEngine", StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("Microsoft.AspNetCore")]
    [InlineData("StackExchange.Redis")]
    [InlineData("System.Net.")]
    public void The_engine_knows_no_network(string prefix) =>
        Assert.DoesNotContain(References("StreamEngine.Pipeline"), r => r.StartsWith(prefix, StringComparison.Ordinal));

    [Fact]
    public void The_host_knows_no_redis() =>
        Assert.DoesNotContain(References("streamengine"), r => r.StartsWith("StackExchange", StringComparison.Ordinal));

    private static List<string> References(string assembly)
    {
        using var file = new PEReader(File.OpenRead(Path.Combine(AppContext.BaseDirectory, assembly + ".dll")));
        var metadata = file.GetMetadataReader();
        return [.. metadata.AssemblyReferences.Select(r => metadata.GetString(metadata.GetAssemblyReference(r).Name))];
    }
}
