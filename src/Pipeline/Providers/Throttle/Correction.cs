namespace StreamEngine.Pipeline.Providers.Throttle;

/// <summary>What a provider counts that we didn't.</summary>
/// <param name="Window">The window's key.</param>
/// <param name="Units">Requests or credits.</param>
/// <param name="Until">Until when they count.</param>
internal readonly record struct Correction(long Window, long Units, DateTimeOffset Until);
