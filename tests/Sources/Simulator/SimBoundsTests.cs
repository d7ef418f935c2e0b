using System.IO.Compression;
using System.Net.Sockets;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Simulator;

namespace StreamEngine.Sources.Tests.Simulator;

/// <summary>Nothing else may allocate meanwhile.</summary>
[CollectionDefinition(nameof(SimBoundsTests), DisableParallelization = true)]
public sealed class SimBoundsCollection;

/// <summary>Bodies that are to fill a client's memory don't fill the provider's.</summary>
[Collection(nameof(SimBoundsTests))]
public class SimBoundsTests
{
    private const long Size = 256L << 20;
    private const long Allowed = 16L << 20;

    private static CancellationToken Test => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_gzip_bomb_is_small_on_the_wire_and_becomes_what_it_says()
    {
        await using var bench = await SimBench.StartAsync(new SimFaultOptions { Kind = SimFaultKind.GzipBomb, Size = new ByteSize(Size) });
        using var answer = await bench.SendAsync();
        Assert.Equal("gzip", Assert.Single(answer.Content.Headers.ContentEncoding));
        var wire = new CountingStream(await answer.Content.ReadAsStreamAsync(Test));
        await using var whole = new GZipStream(wire, CompressionMode.Decompress);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        Assert.Equal(Size, await DrainAsync(whole, long.MaxValue));
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, Allowed);
        Assert.InRange(wire.Count, 1, Size / 100);
    }

    [Fact]
    public async Task An_endless_body_goes_on_as_long_as_the_client_does()
    {
        await using var bench = await SimBench.StartAsync(new SimFaultOptions { Kind = SimFaultKind.Endless });
        using (var socket = await bench.RawAsync())
        {
            await using var stream = new NetworkStream(socket);
            var before = GC.GetTotalAllocatedBytes(precise: true);
            Assert.InRange(await DrainAsync(stream, Size), Size, long.MaxValue);
            Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, Allowed);
        }

        bench.Sim.SetFaults();
        Assert.Equal(10, (await bench.JsonAsync()).GetArrayLength());
    }

    private static async Task<long> DrainAsync(Stream stream, long most)
    {
        var buffer = new byte[64 << 10];
        long all = 0;
        while (all < most && await stream.ReadAsync(buffer, Test) is > 0 and var read)
        {
            all += read;
        }

        return all;
    }

    private sealed class CountingStream(Stream inner) : Stream
    {
        public long Count { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            Count += read;
            return read;
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
