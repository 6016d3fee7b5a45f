# Reference values for ROC curves. Run: Rscript r_roc.R FOLDER_WITH_HEART > r_roc.txt
suppressMessages(library(pROC))
show <- function(name, x) cat(name, sprintf("%.17g", x), "\n")
cat("#", R.version.string, "pROC", as.character(packageVersion("pROC")), "\n")
folder <- commandArgs(TRUE)[1]
names <- c("age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalach", "exang", "oldpeak", "slope", "ca", "thal", "num")
kept <- c("age", "sex", "cp", "trestbps", "thalach", "exang", "oldpeak", "num")
heart <- do.call(rbind, lapply(c("cleveland", "hungarian", "switzerland", "va"), function(h) {
  d <- read.csv(file.path(folder, paste0("processed.", h, ".data")), header = FALSE, col.names = names, na.strings = "?")
  na.omit(d[, kept]) }))
ill <- as.integer(heart$num > 0)
models <- list(
  risk = -4 + 0.0517 * heart$age + 1.213 * heart$sex + 0.7331 * heart$oldpeak,
  pain = -1.5 + 2 * heart$exang + 0.5 * heart$sex)
groups <- list(all = rep(TRUE, nrow(heart)), women = heart$sex == 0, men = heart$sex == 1)
for (g in names(groups)) {
  curves <- lapply(models, function(m) roc(ill[groups[[g]]], m[groups[[g]]], direction = "<", quiet = TRUE))
  for (m in names(models)) {
    interval <- ci.auc(curves[[m]], method = "delong")
    show(paste0("auc_", m, "_", g), c(as.numeric(auc(curves[[m]])), sqrt(var(curves[[m]], method = "delong")), interval[1], interval[3]))
  }
  test <- roc.test(curves$risk, curves$pain, method = "delong", paired = TRUE)
  show(paste0("test_", g), c(test$statistic, test$p.value))
}
women <- roc(ill[groups$women], models$risk[groups$women], direction = "<", quiet = TRUE)
men <- roc(ill[groups$men], models$risk[groups$men], direction = "<", quiet = TRUE)
show("unpaired", as.numeric(auc(men)) - as.numeric(auc(women)))
