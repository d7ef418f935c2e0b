using StreamEngine.Pipeline.Configuration.Binding;
using StreamEngine.Sources.Simulator;
using StreamEngine.Sources.Tests.Maps;

namespace StreamEngine.Sources.Tests.Simulator;

/// <summary><c>docs/provider-sim.md</c> is whole, and the committed example is valid.</summary>
public class SimPageTests
{
    private static readonly string Page = System.IO.File.ReadAllText(Path.Combine(CommittedPipeline.Root, "docs/provider-sim.md"));

    [Theory]
    [InlineData(typeof(SimOptions))]
    [InlineData(typeof(SimTellsOptions))]
    [InlineData(typeof(SimPathOptions))]
    [InlineData(typeof(SimFaultOptions))]
    public void It_names_every_setting(Type options) => Assert.All(
        SettingsType.Of(options).Settings,
        s => Assert.True(Page.Contains($"`{s.Name}`", StringComparison.Ordinal) || Page.Contains($"\"{s.Name}\":", StringComparison.Ordinal), s.Name));

    [Fact]
    public void It_names_every_kind_of_fault() =>
        Assert.All(Enum.GetValues<SimFaultKind>(), k => Assert.Contains($"\n| `{SimReport.NameOf(k)}` | ", Page, StringComparison.Ordinal));

    [Fact]
    public void The_committed_example_is_valid()
    {
        SimOptions.Load(Path.Combine(CommittedPipeline.Root, "pipelines/provider-sim/sim.json"), [], _ => null, out var faults);
        Assert.Empty(faults);
    }
}
