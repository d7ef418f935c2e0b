using StreamEngine.Pipeline.Memory;

namespace StreamEngine.Host.Running;

/// <summary>The memory of the process.</summary>
/// <param name="Bound">Bytes that it may take at most, by the config.</param>
/// <param name="Resident">Bytes that it takes.</param>
/// <param name="Managed">Bytes of them on the managed heap, what is not collected yet included.</param>
/// <param name="Available">Bytes that the machine or the container has.</param>
/// <param name="Parts">What the bound is made of, besides the process itself; the largest part first.</param>
internal sealed record MemoryData(long Bound, long Resident, long Managed, long Available, IReadOnlyList<MemoryPart> Parts)
{
    private const long Megabyte = 1L << 20;

    /// <summary>Looks at the process now.</summary>
    public static MemoryData Of(MemoryPlan plan) =>
        new(plan.Bound, Environment.WorkingSet, GC.GetTotalMemory(forceFullCollection: false), GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, plan.Parts);

    /// <summary>What is wrong, for an operator; null when all is well.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string? Problem => Resident > Bound
        ? $"the process takes {Words(Resident)} of memory, more than the {Words(Bound)} that its config allows: a fault of the engine; GET pipeline shows the parts"
        : null;

    /// <summary>Says that the machine or the container is too small for a pipeline; null when it is not.</summary>
    public static string? TooSmall(MemoryPlan plan)
    {
        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (plan.Bound <= available)
        {
            return null;
        }

        var largest = plan.Parts.Where(p => p.Setting is not null).DistinctBy(p => p.Setting).Take(3).Select(p => $"'{p.Setting}' ({Words(p.Bytes)})");
        return $"this pipeline may take {Words(plan.Bound)} of memory and there is {Words(available)}; lower {string.Join(", ", largest)}";
    }

    /// <summary>Such as <c>128 MB</c>.</summary>
    public static string Words(long bytes) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{(bytes + Megabyte - 1) / Megabyte:N0} MB");
}
